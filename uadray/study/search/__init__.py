"""The trials: drawn, run, told to the sampler, in an order that timing does not decide."""
