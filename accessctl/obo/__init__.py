"""On-behalf-of requests: where they are looked for, what they say, and how one is canceled."""
