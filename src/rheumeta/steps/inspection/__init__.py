"""Questions that the numbers raise by themselves: checks, what they look at, answers to them."""
