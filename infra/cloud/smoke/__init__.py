"""Try a stage after its deployment: does each function answer, does a job get to its end, is it counted.

What becomes of a deployment that fails is decided in `commands/trial.py`.
"""
