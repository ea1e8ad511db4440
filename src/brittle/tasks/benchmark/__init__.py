"""Make a set of inputs that models err on at little distance, and what is known of it."""
