// Command withservices runs a command with private PostgreSQL, MariaDB and Redis servers named in its environment.
//
//	withservices -- go test ./...
//
// Everything lies in a folder of its own below .state and is gone when the command ends or is interrupted. The exit
// code is the command's.
package main
