package postgres

// BareSQL is what one batch with nothing to do asks of PostgreSQL, for a yardstick that does the same I/O and nothing
// else. Begin takes batch, generation, token, worker and the lease's length; Read takes sync, from and to; Finish takes
// batch, generation, token and counts. Commits need not wait for the disk.
type BareSQL struct {
	Begin   string
	Read    []string // sent together, in one round trip
	Sharers int      // which one of Read tells, first, the ids of the records outside that share a key
	Finish  string
}

// Bare returns the statements that the store itself uses.
func Bare() BareSQL {
	bare := BareSQL{Begin: beginSQL, Finish: settleSQL, Sharers: 2}
	for _, query := range recordSetQueries {
		bare.Read = append(bare.Read, inSet(query, rangeOfIDs))
	}
	return bare
}
