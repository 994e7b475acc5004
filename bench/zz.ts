import { schedules } from '/work/main/src/pipeline/schedules/index.ts';
import { repeatsOf } from '/work/main/src/pipeline/repeats.ts';
import { pipelineShape } from '/work/main/src/pipeline/shape.ts';
for (const s of schedules) { if(!s.period) continue;
 for (const p of [2,3,4,8]) { const v=s.placement==='v'?2:s.placement==='loop'?3:1;
  if (p===3&&s.placement==='dual') continue;
  const dual=s.placement==='dual'?2:1;
  for (const m of [8*p, 8*p+ (s.name==='interleaved'?p:dual)]) {
  const a=pipelineShape({stages:p,virtualStages:v,microbatches:m,microbatchGroupSize:p});
  const P=s.period(a); const b={...a,microbatches:m+P*dual};
  const r=repeatsOf(s.order(a,undefined as never),s.order(b,undefined as never),P);
  console.log(s.name,p,m,r?r.map(x=>x.insertions.map(i=>`${i.position}+${i.length}(${i.direction},${i.periodic})`).join(',')).join(' | ').slice(0,150):'NO');
  }}
}
