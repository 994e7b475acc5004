import { planPipeline } from '../src/pipeline/plan.ts';
import { planSchedule } from '../src/pipeline/planSchedule.ts';
import { runPipeline } from '../src/pipeline/run.ts';
import { pipelineCosts } from '../src/pipeline/costs.ts';
import { findSchedule } from '../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../src/pipeline/shape.ts';
for (const [name,p,m,v] of [['smp-interleaved',8,32,1],['smp-interleaved',64,512,1]] as const) {
const s=findSchedule(name); const sh=pipelineShape({stages:p,microbatches:m,virtualStages:v});
const u=(b:number)=>Array.from({length:p*v},(_,i)=>b+.1*((i*7)%5));
const c=pipelineCosts({forward:u(1.1),backwardInput:u(1.3),backwardWeight:u(1),communication:.1},s.placement,false,sh);
const plan=planSchedule(s,sh,c); const t=runPipeline(plan,c);
const o=s.order(sh,c);
const reps=Math.round(3e6/plan.tasks);
const time=(n:string,f:()=>void)=>{ let b=1e9; for(let r=0;r<8;r++){ const t0=performance.now(); for(let i=0;i<reps/4;i++) f(); const d=performance.now()-t0; b=Math.min(b,d*4e6/reps/plan.tasks); } console.log(name,p,m,n,b.toFixed(1),'ns/task');};
time('order',()=>{s.order(sh,c)});
time('plan',()=>{planPipeline(o,sh,s.placement,false)});
time('run fresh',()=>{runPipeline(plan,c)});
time('run',()=>{runPipeline(plan,c,'async',t)});
}
