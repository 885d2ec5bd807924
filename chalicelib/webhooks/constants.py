"""Define the numbers of webhooks. Times in seconds, sizes in bytes."""

from chalicelib.jobs.constants import DAY

MOST_WEBHOOKS = 100
"""Maximum number of webhooks of a stage: the function on the stream reads all of them for each set of ends."""
LONGEST_URL = 1024
"""Maximum characters of a URL."""
MOST_FILTERED = 20
"""Maximum types, and maximum tags, in the filter of one webhook."""
ROTATING = DAY
"""Messages are signed with the earlier secret, too, for this long after a rotation."""
MOST_SECRETS = 3
"""Maximum secrets that sign at the same time, if a secret is rotated several times within a day."""
SECRET_BYTES = 32
SECRET_READ_AGAIN = 300
"""Seconds for which a process uses the secret that it has read, unless it is rotated meanwhile."""
ROTATION_TAKES = 60.0
"""Seconds after which a rotation that has not ended was interrupted: no request to the API takes as long."""

# For the state of a webhook, which stops deliveries to a receiver that does not work
FAILURES_IN_A_ROW = 3
"""After this number of failures in a row, only one delivery at a time is tried, until one succeeds."""
FIRST_PAUSE, LONGEST_PAUSE = 30.0, 1800.0
"""The pause after these failures, which doubles with each further failure."""
TRYING = 60.0
"""Seconds for which one delivery may try the receiver while the others wait; longer than the function's timeout."""
FAILING_AFTER = 1800.0
"""A receiver is reported if it has failed for this long. A single waiting delivery is tried for the fourth time after
35 minutes, and then after 2.6 hours: a longer time would report it hours later."""
DISABLED_AFTER = 3 * DAY
"""A webhook is disabled if every delivery has failed for this long."""
STATE_WRITES = 5
"""Attempts to write a webhook or its state while others change it at the same time."""
SPREAD = 1.25
"""The time until a delivery that was turned away starts again is multiplied by a random number from 1 to this."""
LONGEST_TURNED_AWAY = 7200.0 / SPREAD
"""A delivery that starts during a pause starts again after half of its age, at most after this time: two hours with
SPREAD. Otherwise thousands of them would start together at the end of each pause."""
NAME_KNOWN = 30.0
"""Seconds for which the API caches that a name in `notify` is registered."""

# For posting
POSTING = 15.0
"""Seconds that one request may take: the look-up of the name, the connection, and the whole answer."""
CONNECTING = 5.0
MOST_ADDRESSES = 3
"""Addresses of a host that are tried if no connection is made."""
WAITING = 10.0
"""Seconds without any byte from the receiver."""
LARGEST_ANSWER = 65_536
"""Bytes of an answer that are read; the rest is not."""
LONGEST_ANSWER = 300
"""Characters of an answer that are kept."""

# For deliveries
WAITS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds between the attempts of a delivery: over three days."""
GIVE_UP_AFTER = 4 * DAY
"""No attempt begins later than this after the end: the pauses of a webhook do not count as attempts."""
MOST_IN_INVOCATION = 1_000
"""Deliveries of one invocation of the function on the stream; the stream delivers the ends of the others again."""
SIDE_BY_SIDE = 8
"""Deliveries that are stored at the same time."""
