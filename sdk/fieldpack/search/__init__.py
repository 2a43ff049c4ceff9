"""The smallest model that keeps a budget: stages, trials, their store, and the search over them."""
