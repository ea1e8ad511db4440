"""Make a set of pictures that models err on at little distance, and what is known of it."""
