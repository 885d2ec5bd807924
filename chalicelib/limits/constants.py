"""Define the numbers of rates and `serial_by`. Times in seconds, sizes in bytes."""

# For dynamo.py
MOST_TURN_TRIES = 6
"""Maximum writes of one call. A write is refused if another worker wrote in between. The next write may have to use the
other form: add to the planned time, or begin at the present."""

MOST_KNOWN = 1_000
"""Maximum number of limits with a rate of which a process remembers up to which time slots are taken."""

# For rate.py
SLOT_RESERVE = 1.0
"""Number of seconds at the end of the invocation in which no job waits for a slot."""
TURNS_IDLE, IDLE_TURNS = 60.0, 3
"""If no job has started for TURNS_IDLE seconds plus IDLE_TURNS times the time between slots, the planned turns count as
unused."""
CAREFUL_SHARE = 0.8
"""Slots that are taken in advance may use up this share of the time by which a start may be late."""

# For serial.py
KEY_TRIES = 3
"""Maximum reads of a key's row, while other attempts write to it at the same time."""
KEY_LOOK_AGAIN = 15.0
"""Maximum seconds until a held key is checked again: the attempt that holds it usually ends long before its lease."""

# For ids.py and places.py
OF_VALUE, OF_TYPE, SHARED_OF_VALUE, SHARED = "0", "1", "2", "3"
"""Ranks, from narrow to wide: of a limit for each value of a field, of a limit for all jobs of a type, and of the same
limits for all types that share them."""
RATED = "-rate"
"""Follows the rank in the id of a limit with a rate; a hyphen is before the dot, so of two limits of one rank the rate
is first: a job that waits for its turn occupies no place of the other one."""
EVERY_VALUE = "*"
"""Stands in an id for all values of a field; in a value, this character is percent-encoded."""
LONGEST_VALUE = 80
"""Maximum characters of a value in the id of a limit; a longer one is hashed. The id is a part of the job's row."""
NO_LIMIT = 1_000_000
"""Number of places of a limit that the code does not declare any more."""

TURNS_GIVEN = 7.0
"""Turns are given for this number of seconds in advance, so that a slot is not unused because a message is slow."""
ONE_TURN_ABOVE = 5.0
"""If slots are further apart than this number of seconds, one turn is given at a time: two jobs never get the same."""
MOST_TURNS = 99
"""Maximum number of turns: one less than the names that a row may have, because who starts gives the next turn."""
OWN_TURNS = 2 / 3
"""Share that a type of a shared rate may have of the turns that other types leave, of MOST_TURNS: if types cannot use
their turns, a further type still gets some."""
WOKEN_AHEAD = 1.0
"""A job is woken this number of seconds before its slot, and its worker waits for the slot."""
LEAST_SLOT_WAIT = WOKEN_AHEAD + 0.2
"""A job waits for its slots at least this number of seconds, however short the timeout of its type is: otherwise a job
that comes with its turn in time would get no slot."""

FIRST_POSITION = 5 * 10**12
"""Number that is added to a position in a line. As milliseconds it is in the year 2128, so jobs that wait by
their due time go first. Both have 13 digits."""
APART = 1_000
"""Distance of two positions of a tenant. Tenants that come new all the time get about half as many places before
the next job of a tenant that waits. Positions last for 5,000,000,000 places, all of one tenant: for years."""
MOST_POSITION_TRIES = 6
"""Maximum writes for a position. A write is refused if the tenant's last position is behind the clock, or if another
worker wrote in between."""

KEPT_SOON, KEPT_LATER = 10.0, 80.0
"""Seconds for which a slot of a shared rate is kept for a job of a paused type that is to be tried. The first is for a
worker that is started at once: it may be a cold start. The second is for a slot that is too far away for that: then the
worker is started by the first run of the watchdog after the slot has begun, which comes within a minute."""
LEAST_KEPT = 5.0
"""A slot that is kept for fewer seconds than this is kept anew, because the worker might come too late."""

# For slots.py
GIVES_FIRST = 0.25
"""A job gives the next turn before it takes its slot if a start may be late by less than this number of seconds."""
MOST_SLOT_TRIES = 3
"""Maximum number of slots of one limit that an attempt takes, if it was too late for the ones before."""
MOST_SLOT_LOOKS = 12
"""Maximum number of times that an attempt of a job with several rates looks for slots that are close together. Of these
looks, MOST_SLOT_TRIES may take slots in vain."""

# For at_most.py
UNCLAIMED_AFTER = 120.0
"""Seconds after which a woken job whose type is paused gives its place of a shared limit to the other types."""
ASKED_FOR = 90.0
"""Seconds for which a place is asked for a job of a paused type that is to be tried; the watchdog asks each minute."""
MOST_LOOKS = 20
"""Maximum number of looks at lines, and at readable rows of them, of a worker or a request of the API for one job, over
all its limits. A look is a read of the limit and a query for each type with a line, and up to four writes for a row. At
most MOST_LOOKS * MOST_ROWS rows are read. The watchdog goes on within a minute."""
MOST_ASKED = 3
"""Maximum number of these looks at the line of a paused type, one of whose jobs is to be tried."""
MOST_ROWS = 25
"""Number of rows of a line that are read together, after the first one: their jobs are 25 read units."""

# For changed.py
CHANGES_KEPT = 9.0
"""Seconds for which a process uses what it has read about changed limits: a change is in force for all processes after
10 seconds, because a place is taken within a second after its number was read."""
STAMPS_APART = 60.0
"""Seconds by which the clocks of the process that changes a limit, and of one that reads its row, may differ."""
