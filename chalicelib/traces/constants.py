"""Define the numbers of exporting spans. Times in seconds."""

HELD = 60.0
"""Seconds after which the spans of a change are given up, without asking the collector: the changes behind it have ends
of jobs, batches and deliveries that must not wait longer."""
WHOLE = 10.0
"""Maximum seconds of an invocation in which spans are made and posted. The last request or read may end later."""
RESERVE = 20.0
"""Seconds of an invocation that are left for that last request, so that Lambda does not end the invocation: all of its
changes would come again."""
FIRST_PAUSE = 0.5
"""Seconds until a request that failed is sent again; each further pause is twice as long."""
TRIED_EVERY = 30.0
"""Seconds for which a collector that has failed is not asked again: all spans in between are given up at once. Within
as many seconds after that, a request that fails is not sent again."""
WITHIN = 4.0
"""Maximum seconds of one request to the collector."""
MOST_IN_REQUEST = 500
"""Maximum spans of one request."""
MOST_STEPS = 200
"""Maximum spans of steps of one attempt: the newest."""
SECRET_READ_AGAIN = 300.0
"""Seconds after which the headers for the collector are read again."""
LONGEST_ERROR_CLASS = 100
"""Maximum characters of the class of an error in a span."""
