#!/bin/sh
# The nightly report: a page for the browser, and a mail.
#
#   examples/nightly_report.sh cri-sandbox /var/www/html/syncs.html ops@example.com
#   QUIET=1 examples/nightly_report.sh …        # no mail when all is well
#
# The mail goes to the standard input of $SENDMAIL, which takes it as sendmail does (msmtp, postfix, exim): it finds the
# recipient in the mail. Exit status: 0 page and mail are out, or there is no need for a mail; 1 the mail could not be
# sent; 2 wrong usage; else that of the crsync that failed, which the mail tells, too.
set -u

if [ $# -ne 3 ]; then
  echo "usage: [QUIET=1] [SENDMAIL=PROGRAM] nightly_report.sh INSTANCE PAGE ADDRESS" >&2
  exit 2
fi
instance=$1 page=$2 address=$3
SENDMAIL=${SENDMAIL:-/usr/sbin/sendmail}

# One day for page and mail, though the clock goes on between them.
till=$(date +%s)
since=$((till - 86400))

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch" "$page.new"' EXIT
trap 'exit 143' HUP INT TERM # so that the line above counts then, too

report() { crsync report "$instance" --since "$since" --till "$till" "$@"; }

# The page is there whole or not at all: it is written beside the old one and renamed.
make_report() {
  report -o html >"$page.new" && mv "$page.new" "$page" &&
    report >"$scratch/text" &&
    crsync list "$instance" --since "$since" --till "$till" --status ERROR,CANCELED --field SyncTaskId >"$scratch/failed"
}

# A mail of a subject and a file. $SENDMAIL is not quoted: it may have options. -i: a dot alone does not end the mail.
send() {
  {
    printf 'To: %s\nSubject: Image syncs of %s: %s\n' "$address" "$instance" "$1"
    printf 'MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n'
    cat "$2"
  } | $SENDMAIL -i -t && return
  { echo "nightly_report: $SENDMAIL did not take this mail: $1"; cat "$2"; } >&2
  [ "$status" -ne 0 ] || status=1
}

status=0
make_report 2>"$scratch/errors" || status=$?
if [ "$status" -ne 0 ]; then
  send "the report could not be made" "$scratch/errors"
elif [ -s "$scratch/failed" ]; then
  send "$(grep -c . "$scratch/failed") failed" "$scratch/text"
elif [ -z "${QUIET:-}" ]; then
  send "all is well" "$scratch/text"
fi
exit "$status"
