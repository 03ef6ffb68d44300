"""See that a Chromium is there for the browser tests: `python3 cli/bootstrap/chromium.py`.

Where it is missing: with `CI=true` it is installed (Debian's package `chromium`) or this fails; otherwise it says how
to get it, and the tests that need it are skipped.
"""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
ADVICE = "On Debian: apt-get install chromium. Or set CWM_CHROMIUM to a Chromium you have."


def find() -> str | None:
    """The path of a Chromium: `CWM_CHROMIUM` (a path or a name; None where it is not there), or the first one on the PATH."""
    if chosen := os.environ.get("CWM_CHROMIUM"):
        return shutil.which(chosen)
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def install() -> bool:
    """Install Debian's package, as root or by sudo; True when Chromium is there afterwards."""
    apt = shutil.which("apt-get")
    prefix = [] if os.name != "posix" or os.geteuid() == 0 else ["sudo", "-n"]
    if apt is None or (prefix and shutil.which("sudo") is None):
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", "chromium"]):
        subprocess.run([*prefix, apt, *arguments], env=quiet, stdout=sys.stderr, check=False)
    return find() is not None


def main() -> int:
    """0 when Chromium is there or may be missing, 1 when CI could not get it."""
    if find():
        return 0
    if os.environ.get("CI") == "true":
        if install():
            return 0
        message, status = "Error  Chromium could not be installed, and CI=true must run the browser tests", 1
    else:
        message, status = "Chromium is missing: the browser tests will be skipped", 0
    print(f"{message}\n  do     {ADVICE} Then: make test", file=sys.stderr)  # noqa: T201
    return status


if __name__ == "__main__":
    sys.exit(main())
