#!/bin/sh
# Makes the secrets of docker-compose.yml in ./secrets beside this file. What is there already stays as it is.
# The folder keeps other people of this machine out; the files are readable because the programs in the containers run
# as users that do not exist out here.
set -eu
cd "$(dirname "$0")"
mkdir -p secrets
chmod 700 secrets

# put NAME: keeps standard input as a secret.
put() {
	cat >"secrets/$1"
	chmod 644 "secrets/$1"
}

for name in postgres_password redis_password hook_secret cron_key operator_password metrics_token; do
	[ -s "secrets/$name" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' | put "$name"
done

# ask NAME QUESTION
ask() {
	if [ ! -s "secrets/$1" ]; then
		printf '%s: ' "$2" >&2
		IFS= read -r answer
		printf %s "$answer" | put "$1"
	fi
}

ask whmcs_dsn 'WHMCS database, like whmcsync:password@tcp(db.example.com:3306)/whmcs'
ask mailrelay_key 'Mailrelay API key'
echo "Sign in as operator with the password in $(pwd)/secrets/operator_password" >&2
