package pcsc

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

const (
	ccid    = "usr/lib/pcsc/drivers/ifd-ccid.bundle/Contents/Info.plist"
	pcscdAt = "usr/sbin/pcscd"
	socket  = "run/pcscd/pcscd.comm"
)

func machine(files map[string]string, dial error) Machine {
	tree := fstest.MapFS{}
	for name, content := range files {
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(name, "dev/bus/usb") {
			mode = 0o600
		}
		tree[name] = &fstest.MapFile{Data: []byte(content), Mode: mode}
	}
	return Machine{Root: tree, Socket: socket, Dial: func(string) error { return dial }}
}

// on puts a smart card reader into the tree of a machine's USB bus.
func on(more map[string]string) map[string]string {
	files := map[string]string{
		"sys/bus/usb/devices/usb1/product": "xHCI Host Controller\n", "sys/bus/usb/devices/1-0:1.0/bInterfaceClass": "09\n",
		"sys/bus/usb/devices/1-2/manufacturer": "ACS\n", "sys/bus/usb/devices/1-2/product": "ACR122U PICC Interface\n",
		"sys/bus/usb/devices/1-2/busnum": "1\n", "sys/bus/usb/devices/1-2/devnum": "4\n", "sys/bus/usb/devices/1-2:1.0/bInterfaceClass": "0b\n",
		"dev/bus/usb/001/004": "",
	}
	for name, content := range more {
		files[name] = content
	}
	return files
}

func TestWhyNoReader(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  []string // what each reason says, of what is wrong or mends it
	}{
		"no bus":             {nil, []string{"no USB bus"}},
		"an empty bus":       {map[string]string{"sys/bus/usb/devices/usb1/product": "hub"}, []string{"no smart card reader is on the USB bus"}},
		"no driver":          {on(nil), []string{"ACS ACR122U PICC Interface is there (USB 1-2:1.0), and the driver"}},
		"the kernel has it":  {on(map[string]string{ccid: "", "sys/bus/usb/drivers/pn533_usb/1-2:1.0/x": "", "sys/bus/usb/drivers/pn533_usb/bind": ""}), []string{"modprobe -r pn533_usb"}},
		"port100":            {map[string]string{"sys/bus/usb/devices/1-3/idVendor": "054c", "sys/bus/usb/devices/1-3/idProduct": "06c1", "sys/bus/usb/drivers/port100/1-3:1.0/x": ""}, []string{"holds USB device 054c:06c1"}},
		"another program":    {on(map[string]string{ccid: "", "sys/bus/usb/drivers/usbfs/1-2:1.0/x": ""}), []string{"gpgconf --kill scdaemon"}},
		"pcscd is not root":  {on(map[string]string{ccid: "", "proc/7/comm": "pcscd\n", "proc/7/status": "Name:\tpcscd\nUid:\t115\t115\t115\t115\n"}), []string{"/dev/bus/usb/001/004"}},
		"pcscd is root":      {on(map[string]string{ccid: "", "proc/7/comm": "pcscd\n", "proc/7/status": "Name:\tpcscd\nUid:\t0\t0\t0\t0\n"}), []string{"pcscd does not serve it"}},
		"nobody knows why":   {on(map[string]string{ccid: ""}), []string{"pcscd does not serve it"}},
		"two readers":        {on(map[string]string{"sys/bus/usb/devices/1-3:1.1/bInterfaceClass": "0b\n"}), []string{"ACR122U", "USB 1-3:1.1"}},
		"vpcd without conf":  {map[string]string{"sys/bus/usb/devices/usb1/product": "", "usr/lib/pcsc/drivers/serial/libifdvpcd.so": ""}, []string{"/etc/reader.conf.d/vpcd is not there"}},
		"vpcd as it must be": {map[string]string{"sys/bus/usb/devices/usb1/product": "", "usr/lib/pcsc/drivers/serial/libifdvpcd.so": "", "etc/reader.conf.d/vpcd": ""}, []string{"no smart card reader"}},
	} {
		expectReasons(t, name, machine(c.files, nil).Why(ErrNoReader), c.want)
	}
}

func expectReasons(t *testing.T, name string, got []*Problem, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d reasons, want %d: %v", name, len(got), len(want), got)
		return
	}
	for i, p := range got {
		if !strings.Contains(p.What+": "+p.Mend, want[i]) || p.Mend == "" || p.Vietnamese == "" {
			t.Errorf("%s: %q, mended by %q, %q; want %q", name, p.What, p.Mend, p.Vietnamese, want[i])
		}
	}
}

func TestWhyNoService(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		dial  error
		want  []string
	}{
		"not installed": {map[string]string{socket: ""}, nil, []string{"apt-get install pcscd"}},
		"not running":   {map[string]string{pcscdAt: ""}, nil, []string{"/run/pcscd/pcscd.comm is not there"}},
		"dead":          {map[string]string{pcscdAt: "", socket: ""}, syscall.ECONNREFUSED, []string{"dead has left"}},
		"not allowed":   {map[string]string{pcscdAt: "", socket: ""}, syscall.EACCES, []string{"may not open"}},
		"hangs up":      {map[string]string{pcscdAt: "", socket: ""}, nil, []string{"polkit"}},
		"something":     {map[string]string{pcscdAt: "", socket: ""}, errors.New("else"), nil},
	} {
		expectReasons(t, name, machine(c.files, c.dial).Why(ErrNoService), c.want)
	}
	for _, other := range []error{nil, ErrNoCard, ErrMute, errors.New("else")} {
		if got := machine(nil, nil).Why(other); got != nil {
			t.Errorf("%v is explained by the machine: %v", other, got)
		}
	}
}

// This very machine is looked at without a fault, whatever it has.
func TestWhyHere(t *testing.T) {
	for _, err := range []error{ErrNoReader, ErrNoService} {
		for _, p := range ThisMachine(t.Context()).Why(err) {
			if p.What == "" || p.Mend == "" || p.Vietnamese == "" {
				t.Errorf("%v: %+v", err, p)
			}
		}
	}
	if len(ThisMachine(t.Context()).Why(ErrNoReader)) == 0 {
		t.Error("no reason at all why there is no reader")
	}
}
