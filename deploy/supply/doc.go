// Package supply checks what the service is made of.
package supply
