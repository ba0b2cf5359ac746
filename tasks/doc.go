// Package tasks is what travels through Redis: kinds, payloads, queue names and task ids. Payloads carry ids only, no
// personal data and no secret, and a version; golden files hold their exact bytes. Standard library only.
package tasks
