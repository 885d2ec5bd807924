"""An AWS account on the loopback address: moto, served fast and without its races; or ministack."""
