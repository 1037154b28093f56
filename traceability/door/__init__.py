"""Who may come in, how often and for how long: failed attempts, the budgets of organisations, the second factor."""
