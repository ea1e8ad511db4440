"""How priors of functions are learned: deep kernels with and without attention, means and covariances."""
