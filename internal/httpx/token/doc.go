// Package token keeps the token of an account for all processes that call it, in Redis. One of them at a time logs in; the
// others wait and use what it got. A process also remembers the token by itself, so Redis is asked only when there is
// none or when it was refused, and a Redis that is down costs one login per process and nothing else.
//
// No secret reaches Redis in clear: the token is sealed under a key made from the account's password. So it is worth as
// much as that password to whoever reads Redis, and whoever has another password finds no token there.
//
// Times are stored as values; expiry of keys only cleans up, but for the lock of a process that died while logging in.
package token
