"""Export spans: what jobs did and when, for a collector of traces."""
