"""The cloud: `package` makes what ships, `stack` changes a stack, `commands` are for operators, `cost` has the bill.

What a stack consists of is in `infra/definition`.
"""
