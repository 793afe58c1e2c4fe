#!/bin/sh
# Keeps each event as a file, for another program to pick up: whole, and once however often it comes.
#
#   websets-events-mcp forward --webset WEBSET --items-ready -- sh save-event.sh inbox
#
# stdin: the event as JSON. Its id and type are in WEBSETS_EVENT_ID and WEBSETS_EVENT_TYPE.
set -eu

inbox=${1:-inbox}
mkdir -p "$inbox"
part="$inbox/.$WEBSETS_EVENT_ID.part"
cat >"$part"
mv "$part" "$inbox/$WEBSETS_EVENT_ID.json"
