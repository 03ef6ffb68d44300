"""What `make` runs before there is an environment: plain Python, nothing but the standard library."""
