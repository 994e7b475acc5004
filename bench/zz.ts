import fc from 'fast-check';
import { fixedSchedules, legalShape, wholeCosts } from '../test/pipeline/arbitrary.ts';
import { runSteady } from '../src/pipeline/steady.ts';
import { runPipeline } from '../src/pipeline/run.ts';
import { planSchedule } from '../src/pipeline/planSchedule.ts';
for (const schedule of fixedSchedules) {
  const r: Record<string,[number,number]>={};
  let t=0,tf=0;
  for (const mode of ['async','link','blocking'] as const) for (const u of [0,1]) {
    const c:[number,number]=[0,0]; r[mode+u]=c;
    const shapes=fc.sample(legalShape(schedule,{stages:8,virtualStages:3,microbatches:12}).chain(s=>fc.tuple(fc.constant(s),wholeCosts(schedule,s))),40);
    for (const [s0,c0] of shapes) {
      const dual=schedule.placement==='dual'?2:1; const P=schedule.period!(s0);
      const s={...s0,microbatches:s0.microbatches+Math.ceil(600/P)*P*dual};
      const f=(x:number,i:number)=>u?x*(1+.37*Math.abs(Math.sin(7+i))):x;
      const cs={forward:c0.forward.map(f),backward:c0.backward.map(f),weight:c0.weight.map(f),communication:c0.communication.map(f)};
      let t0=performance.now();
      const st=runSteady(schedule,s,cs,mode); t+=performance.now()-t0; c[1]++; if(st.skippedMicrobatches>0)c[0]++; 
      t0=performance.now(); const full=runPipeline(planSchedule(schedule,s,cs),cs,mode); tf+=performance.now()-t0;
      if(Math.abs(full.makespan-st.makespan)>1e-9*full.makespan) console.log('BAD',schedule.name,s,mode);
    }
  }
  console.log(schedule.name,Object.entries(r).map(([k,v])=>k+':'+v.join('/')).join(' '),t.toFixed(0),'ms vs',tf.toFixed(0));
}
for (const [name,v] of [['1f1b',1],['interleaved',2],['zb-v',2],['v-half',2],['dualpipe',1],['gpipe',1],['breadth-first',2]] as const) for (const e of [0,1]) {
  const { findSchedule } = await import('../src/pipeline/schedules/index.ts'); const { pipelineShape } = await import('../src/pipeline/shape.ts'); const {pipelineCosts}=await import('../src/pipeline/costs.ts');
  const s=findSchedule(name); const p=8; 
  const t=(m:number)=>{ const sh=pipelineShape({stages:p,virtualStages:v,microbatches:m}); const n=s.placement==='dual'?p:p*v;
   const u=(b:number)=>Array.from({length:n},(_,i)=>b+.1*e*((i*7)%5));
   const c=pipelineCosts({forward:u(1),backwardInput:u(1.1),backwardWeight:u(.9),communication:.1},s.placement,s.splitsBackward,sh);
   const t0=performance.now(); const r=runSteady(s,sh,c); const a=performance.now()-t0; const t1=performance.now(); for(let i=0;i<20;i++) runSteady(s,sh,c); return [r.plan.tasks, a.toFixed(2),((performance.now()-t1)/20).toFixed(2)].join(' ');};
  t(96);console.log(name,e,'m=96',t(104),'m=10000',t(10000),t(10016), 'm=1e6', name==='breadth-first'||name==='v-half'?'':t(1000000));
}
