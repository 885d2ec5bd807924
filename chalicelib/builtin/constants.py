"""Define the numbers of the built-in job types. Times in seconds, sizes in bytes."""

# For exports.py
EXPORT_JOBS_PAGE, EXPORT_BODIES_PAGE = 100, 10
EXPORT_PART_BYTES = 8_000_000
"""When a part has reached this size before compression, no further page of jobs is added to it."""
EXPORT_PART_RESERVE = 30.0
"""Seconds reserved for writing a part; reading a page of jobs with their bodies takes less time than this, too."""
LARGEST_EXPORT_NOTE = 4_000_000

# For erased_exports.py
LARGEST_EXPORT_PART = 64_000_000
"""Maximum bytes of a compressed part that is read. A part has 8 MB before compression, and one page of jobs more."""
MOST_ERASURES = 10_000
"""Maximum number of erasures that are known at the same time."""
EXPORT_IS_WRITTEN_FOR = 3_600.0
"""Seconds for which an export may have jobs in memory that were erased meanwhile: longer than an invocation."""

# For audit_exports.py
AUDIT_PART_ENTRIES = 10_000
"""Entries of one part, so that each export of a day has the same parts. They have about 4 MB, at most 25 MB."""

# For image_bounds.py
MOST_SCANS = 100
"""Maximum scans of a JPEG, counted by their first bytes, 0xFFDA. Encoders write about ten scans; these bytes may also
occur in metadata, such as a thumbnail."""
MOST_CHUNKS = 10_000
"""Maximum chunks of a PNG or WebP. With libpng's default chunks of 8 KB, a file of 15 MB has 1,900."""
MOST_BLOCKS = 4_000
"""Maximum blocks of a GIF before its first picture. A block has at most 255 bytes, so the maximum is a megabyte of
metadata."""

# For images.py
MOST_PIXELS = 50_000_000
WORTH_OPTIMIZING = 4_000_000
"""Maximum pixels of a PNG that is optimized. The optimization of 50 megapixels takes three minutes, which is longer
than the function may run."""

# For mail.py
LONGEST_ADDRESS = 254
MAIL_READ_TIMEOUT = 10

# For mail_cap.py
HELD_MAIL_SPREAD = 900
"""Seconds after midnight (UTC) within which the jobs of held mail run again: all mail at once would be too much for
SES."""

# For reports/charts.py
MOST_BARS = 80
MOST_LABELS = 8

# For reports/collect.py
REPORT_JOBS_PAGE = 100
MOST_REPORT_JOBS = 50_000
REPORT_FILES_RESERVE = 20.0
"""Seconds reserved for making and storing the files."""

# For reports/tally.py
TOP_ERRORS = 10
MESSAGE_PREFIX = 80
"""Errors are counted as one error if this number of their first characters is the same: the rest is mostly ids."""
