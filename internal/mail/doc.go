// Package mail hands mails to an SMTP server: TLS, sign-in, one mail for each recipient, and every refusal classified. It
// must not know what the mails are about.
package mail
