"""Keep views: filters of jobs with a name, for everybody who uses the console of the stage."""
