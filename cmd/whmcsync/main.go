package main

import (
	"os"

	"github.com/whmcsync/whmcsync/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:]))
}
