"""What happens to candidates after they are drawn: each concern is one function over a stream."""
