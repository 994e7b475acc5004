import { findSchedule } from '../src/pipeline/schedules/index.ts';
import { pipelineShape } from '../src/pipeline/shape.ts';
import { pipelineCosts } from '../src/pipeline/costs.ts';
import { planSchedule } from '../src/pipeline/planSchedule.ts';
import { runPipeline } from '../src/pipeline/run.ts';
import { runBackwardFirst } from './plainObjects.ts';
for (const [p,m] of [[8,32],[64,512]] as const) { const s=findSchedule('smp-interleaved'); const sh=pipelineShape({stages:p,microbatches:m}); const cs=[0,1,2,3,4].map(r=>pipelineCosts({forward:Array.from({length:p},(_,i)=>1+.1*((i*7+r)%5)),backwardInput:1.1,backwardWeight:.9,communication:.05},'linear',false,sh)); const o=s.order(sh,cs[0]);
const t=runPipeline(planSchedule(s,sh,cs[0]),cs[0]);
const go=(n0:string,f:(c:typeof cs[0])=>void,N:number)=>{ let best=0; for(let r=0;r<5;r++){ const u=process.cpuUsage(); const n=Math.max(3,Math.round(N/(2*p*m)));  for(let i=0;i<n;i++) f(cs[i%5]); const d=process.cpuUsage(u); best=Math.max(best,n*2*p*m/(d.user+d.system));} console.log(p,m,n0,'cpu M/s',best.toFixed(2));};
go('order',c=>s.order(sh,c),4e6); go('plan',c=>planSchedule(s,sh,c),4e6); go('all',c=>runPipeline(planSchedule(s,sh,c),c,'async',t),4e6); go('plain',c=>runBackwardFirst(o,sh,'linear',c),1e6);
}
