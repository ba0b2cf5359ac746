// Command whmcsync keeps a WHMCS billing install in step with the systems around it. See `whmcsync help`.
package main
