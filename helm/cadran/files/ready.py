"""Wait until every service is ready and the RAN's frames go on.

Arguments: longest time to wait in s, URL of the RAN's metrics, and the URL of each service's readiness.
"""

import sys
import time
import urllib.error
import urllib.request


def fetched(url):
    """Whether the answer is 200, and its text, or why there is none."""
    try:
        with urllib.request.urlopen(url, timeout=4) as answer:
            return True, answer.read().decode()
    except urllib.error.HTTPError as error:
        return False, error.read().decode().strip()
    except OSError as error:
        return False, str(error)


def frames(url):
    """Frames that the RAN has run; None while it does not tell."""
    _, text = fetched(url)
    counts = [line.split()[1] for line in text.splitlines() if line.startswith("cadran_ransim_frames_total ")]
    return float(counts[0]) if counts else None


def waited(what, done, deadline_s):
    """Whether it was done in time; tells what came of it."""
    while True:
        held, text = done()
        if held or time.monotonic() > deadline_s:
            sys.stdout.write(f"{'ok' if held else 'FAILED'}: {what}{'' if held else ': ' + text}\n")
            return held
        time.sleep(0.5)


def main(limit_s, metrics_url, *ready_urls):
    """Exit status: 0 if everything came true in time."""
    deadline_s = time.monotonic() + float(limit_s)
    held = [waited(url, lambda url=url: fetched(url), deadline_s) for url in ready_urls]
    before = frames(metrics_url)

    def went_on():
        now = frames(metrics_url)
        return None not in (before, now) and now > before, f"{before} and then {now}"

    held.append(waited("frames go on", went_on, deadline_s))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
