package quiet

import (
	"io"
	"log"

	"github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9/logging"
)

// Libraries silences the Redis client, the MySQL driver and the standard library's own logger, for the whole process.
// Their news come back as errors too. Call it before any of them is in use: the driver does not guard its setting.
func Libraries() {
	logging.Disable()
	_ = mysql.SetLogger(&mysql.NopLogger{}) // fails for nil only
	log.SetOutput(io.Discard)
}
