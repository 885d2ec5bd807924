"""The cloud: `package` makes what ships, `stack` changes a stack, `commands` are for operators, `cost` has the bill."""
