"""How is a page opened in a headless browser and asked what it shows?"""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path
from typing import Any

from jialing.report.shell import content_policy

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=20000", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip

#: Runs before the page's own scripts and collects every complaint.
WATCH = """
window.complaints = [];
addEventListener("error", (e) => complaints.push("error: " + e.message));
addEventListener("unhandledrejection", (e) => complaints.push("rejected: " + e.reason));
addEventListener("securitypolicyviolation", (e) => complaints.push("blocked: " + e.blockedURI));
for (const level of ["error", "warn", "info", "log"]) console[level] = (...words) => complaints.push(level + ": " + words.join(" "));
"""

#: Runs after them; `steps` may await, and what it returns lands in the DOM.
DRIVE = """
(async () => {
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));
  const click = async (selector) => { document.querySelector(selector).click(); await pause(300); };
  const text = (selector) => document.querySelector(selector).textContent;
  let found;
  try { found = await (async () => { %s })(); } catch (problem) { found = { failed: String(problem) }; }
  const report = { found, complaints, requests: performance.getEntriesByType("resource").map((r) => r.name) };
  const box = document.createElement("pre");
  box.id = "probe";
  box.textContent = JSON.stringify(report);
  document.body.append(box);
})();
"""


def open_and_drive(
    browser: str, page: Path, steps: str, *, scratch: Path, width: int = 1400
) -> dict[str, Any]:
    """Open `page`, carry out `steps` in it, and return what they found."""
    text, drive = page.read_text(encoding="utf-8"), DRIVE % steps
    allowed = re.findall(r"'(sha256-[^']+)'", content_policy([WATCH, drive]))
    more = " ".join(f"'{digest}'" for digest in allowed)
    text = text.replace("script-src ", f"script-src {more} ", 1)
    text = text.replace("<title>", f"<script>{WATCH}</script><title>", 1)
    text = text.replace("</body>", f"<script>{drive}</script></body>")
    copy = scratch / "driven.html"
    copy.write_text(text, encoding="utf-8")
    profile = scratch / "profile"
    command = [browser, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},1000"]
    done = subprocess.run(
        [*command, "--dump-dom", copy.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    probe = re.search(r'<pre id="probe">(.*?)</pre>', done.stdout, flags=re.S)
    assert probe, f"the page did not answer: {done.stderr[-2000:]}"
    told = dict(json.loads(html.unescape(probe.group(1))))
    assert "failed" not in told["found"], told["found"]["failed"]
    return told
