// Package atentest lets tests run on a GPU.
package atentest

import (
	"os"
	"testing"

	"transfera/aten"
)

// Variable names the device of the tests that take one: cpu, cuda or cuda:N.
const Variable = "TRANSFERA_TEST_DEVICE"

// Device is the device that the environment asks for, the CPU if it says nothing. One that cannot be had fails the test.
func Device(t testing.TB) aten.Device {
	t.Helper()
	name := os.Getenv(Variable)
	if name == "" {
		return aten.CPU
	}
	device, err := aten.ParseDevice(name)
	if err != nil {
		t.Fatalf("%s=%s: %v", Variable, name, err)
	}
	return device
}

// Tolerance is onCPU there, and onGPU on a GPU, whose sums have another order.
func Tolerance(device aten.Device, onCPU, onGPU float64) float64 {
	if device.IsCPU() {
		return onCPU
	}
	return onGPU
}
