"""Say for which Python and processor a package is built, and which requirements apply there."""

from dataclasses import dataclass

from packaging.markers import Marker

from infra.definition.lambdas.runtime import ARCHITECTURE, PYTHON

PROCESSORS = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's names of processors and those in wheels."""
NEWEST_PATCH = 99
"""Lambda runs the newest patch release of a Python version; markers such as `python_full_version < "3.13.2"` are false
there."""


@dataclass(frozen=True, slots=True)
class Target:
    """The Python version and the processor of a package."""

    python: str = PYTHON
    architecture: str = ARCHITECTURE

    def needs(self, marker: str) -> bool:
        """Return whether a requirement with this marker applies to the functions.

        pip would evaluate the marker for the Python and the machine that build the package: its options for another
        target do not change that. Raises ValueError for a text that is no marker.
        """
        full = f"{self.python}.{NEWEST_PATCH}"
        return Marker(marker).evaluate(
            {
                "implementation_name": "cpython",
                "implementation_version": full,
                "os_name": "posix",
                "platform_machine": PROCESSORS[self.architecture],
                "platform_python_implementation": "CPython",
                "platform_release": "",
                "platform_system": "Linux",
                "platform_version": "",
                "python_full_version": full,
                "python_version": self.python,
                "sys_platform": "linux",
            }
        )
