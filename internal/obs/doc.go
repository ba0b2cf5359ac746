// Package obs is how the program shows what it does: the logger, a writer that hides secrets, and the Prometheus
// metrics. It knows names and numbers only; whoever has them passes them in.
package obs
