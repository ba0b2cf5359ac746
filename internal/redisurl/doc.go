// Package redisurl reads the URLs that say where Redis is, for the configuration, which must refuse a bad one with its line,
// and for the queue, which connects. It must not know either, nor any Redis client.
package redisurl
