"""The short way into moto for the calls a job makes, past Flask and past the walk through botocore's models."""
