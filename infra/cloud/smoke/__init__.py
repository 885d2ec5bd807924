"""Try a stage after its deployment: does each function answer, does a job get to its end, is it counted."""
