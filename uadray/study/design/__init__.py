"""What a study is asked: objectives, budget, sampler, scheduler, and the plan of them all."""
