package e2e

import "database/sql"

// entry is one value that changed in tbldomains.
type entry struct {
	ID              int64
	Editor          string // "" = the program
	Field, Old, New string
	At              float64 // seconds
}

func (e *estate) books() (all []entry) {
	e.t.Helper()
	scan(e.t, e.whmcs, `SELECT id, editor, field, old, new, UNIX_TIMESTAMP(at) FROM books ORDER BY n`, func(s *sql.Rows) error {
		var one entry
		err := s.Scan(&one.ID, &one.Editor, &one.Field, &one.Old, &one.New, &one.At)
		all = append(all, one)
		return err
	})
	return all
}
