"""A package, because pytest ends a fixture of scope `package` only at the end of the run if its folder is none."""
