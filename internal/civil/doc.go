// Package civil has dates without a clock or a zone, as billing systems and registrars write them.
package civil
