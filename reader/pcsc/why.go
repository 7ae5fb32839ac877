package pcsc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// Machine is what is looked at to find out why there is no reader, or no service.
type Machine struct {
	Root   fs.FS                     // the file system from its root on
	Socket string                    // the service's socket, under Root without the first slash
	Dial   func(socket string) error // tries the socket
}

// ThisMachine is the one that we run on.
func ThisMachine(ctx context.Context) Machine {
	return Machine{Root: os.DirFS("/"), Socket: strings.TrimPrefix(ServiceSocket(), "/"),
		Dial: func(socket string) error { return DialService(ctx, "/"+socket) }}
}

// ServiceSocket gives the path of the socket on which pcscd listens, or what PCSCLITE_CSOCK_NAME names in its place, as
// libpcsclite has it.
func ServiceSocket() string {
	if name := os.Getenv("PCSCLITE_CSOCK_NAME"); name != "" {
		return name
	}
	return "/run/pcscd/pcscd.comm"
}

// DialService tries whether anybody listens on the service's socket.
func DialService(ctx context.Context, socket string) error {
	ctx, stop := context.WithTimeout(ctx, silence)
	defer stop()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	return conn.Close()
}

// Why gives the reasons that can be found for an err of [Readers] or [Connect], the likeliest first: for [ErrNoService],
// [ErrDenied] and [ErrNoReader]; for nothing else.
func (m Machine) Why(err error) []*Problem {
	switch {
	case errors.Is(err, ErrNoService), errors.Is(err, ErrDenied):
		return m.whyNoService()
	case errors.Is(err, ErrNoReader):
		return m.whyNoReader()
	}
	return nil
}

func (m Machine) whyNoService() []*Problem {
	if !m.has("usr/sbin/pcscd") && !m.has("usr/bin/pcscd") && !m.has("usr/local/sbin/pcscd") {
		return []*Problem{{"pcscd is not installed", "apt-get install pcscd", "pcscd chưa được cài: apt-get install pcscd"}}
	}
	if !m.has(m.Socket) {
		return []*Problem{{"pcscd does not run: /" + m.Socket + " is not there", "systemctl enable --now pcscd.socket (or: pcscd --foreground &)",
			"pcscd chưa chạy: systemctl enable --now pcscd.socket"}}
	}
	switch err := m.Dial(m.Socket); {
	case errors.Is(err, fs.ErrPermission):
		return []*Problem{{"this user may not open /" + m.Socket, "let an administrator give this user the right to it",
			"người dùng này không được mở /" + m.Socket + ": nhờ quản trị viên cấp quyền"}}
	case err == nil:
		return []*Problem{{"pcscd is there and hangs up: polkit does not allow this user (org.debian.pcsc-lite.access_pcsc), or library and pcscd are of different versions",
			"add a rule for this user to /etc/polkit-1/rules.d, or work at this machine's own screen; journalctl -u pcscd says which",
			"pcscd từ chối kết nối: hãy thêm luật polkit cho người dùng này, xem journalctl -u pcscd"}}
	case errors.Is(err, syscall.ECONNREFUSED):
		return []*Problem{{"a pcscd that is dead has left /" + m.Socket, "systemctl restart pcscd.socket pcscd (or: pcscd --foreground &)",
			"pcscd đã chết và để lại socket: systemctl restart pcscd.socket pcscd"}}
	}
	return nil
}

// whyNoReader looks at the USB bus for readers that the service does not serve.
func (m Machine) whyNoReader() (found []*Problem) {
	if !m.has("sys/bus/usb/devices") {
		return append(found, &Problem{"this machine shows no USB bus (is it a container, or a virtual machine without USB?)",
			"hand the reader through to it, or run pcscd on the host and share /run/pcscd", "máy này không có USB (container hoặc máy ảo?): hãy chuyển đầu đọc vào máy này"})
	}
	found = m.heldByKernel()
	readers := m.usbReaders()
	for _, r := range readers {
		if !r.held(found) {
			found = append(found, m.whyNotServed(r))
		}
	}
	if m.has("usr/lib/pcsc/drivers/serial/libifdvpcd.so") && !m.has("etc/reader.conf.d/vpcd") {
		found = append(found, &Problem{"the virtual reader's driver is installed, and pcscd is not told of it: /etc/reader.conf.d/vpcd is not there",
			"apt-get install --reinstall vsmartcard-vpcd, and restart pcscd", "đầu đọc ảo đã cài nhưng thiếu /etc/reader.conf.d/vpcd: apt-get install --reinstall vsmartcard-vpcd"})
	}
	if len(found) == 0 {
		found = append(found, &Problem{"no smart card reader is on the USB bus", "plug one in, with another cable or port if it is; lsusb shows what is there",
			"không thấy đầu đọc nào trên USB: hãy cắm đầu đọc, thử cáp hoặc cổng khác"})
	}
	return found
}

// usbInterface is one interface of a device on the bus.
type usbInterface struct {
	name   string // as in 1-2:1.0
	device string // what it calls itself
}

func (i usbInterface) held(found []*Problem) bool {
	for _, p := range found {
		if strings.Contains(p.What, i.name) {
			return true
		}
	}
	return false
}

const (
	usbDevices = "sys/bus/usb/devices"
	usbDrivers = "sys/bus/usb/drivers"
	classCCID  = "0b" // USB Device Class Smart Card, CCID 1.1, section 4.2
)

// usbReaders gives the interfaces of class CCID.
func (m Machine) usbReaders() (readers []usbInterface) {
	for _, name := range m.list(usbDevices) {
		if strings.Contains(name, ":") && m.read(path.Join(usbDevices, name, "bInterfaceClass")) == classCCID {
			readers = append(readers, m.usbInterface(name))
		}
	}
	return readers
}

func (m Machine) usbInterface(name string) usbInterface {
	device, _, _ := strings.Cut(name, ":")
	at := path.Join(usbDevices, device)
	title := strings.TrimSpace(m.read(at+"/manufacturer") + " " + m.read(at+"/product"))
	if title == "" {
		title = "USB device " + m.read(at+"/idVendor") + ":" + m.read(at+"/idProduct")
	}
	return usbInterface{name, title}
}

// heldByKernel finds readers that a driver of the kernel for NFC has taken before pcscd could.
func (m Machine) heldByKernel() (found []*Problem) {
	for _, driver := range []string{"pn533_usb", "port100", "nfcmrvl_usb", "nfcsim"} {
		for _, name := range m.list(path.Join(usbDrivers, driver)) {
			if !strings.Contains(name, ":") {
				continue
			}
			i := m.usbInterface(name)
			found = append(found, &Problem{fmt.Sprintf("the kernel's NFC driver %s holds %s (USB %s)", driver, i.device, name),
				fmt.Sprintf("modprobe -r %s, write \"blacklist %s\" into /etc/modprobe.d/no-nfc.conf, restart pcscd", driver, driver),
				fmt.Sprintf("trình điều khiển NFC %s của nhân đang giữ %s: modprobe -r %s rồi khởi động lại pcscd", driver, i.device, driver)})
		}
	}
	return found
}

// whyNotServed says why the service does not serve a reader that is on the bus.
func (m Machine) whyNotServed(r usbInterface) *Problem {
	if !m.has("usr/lib/pcsc/drivers/ifd-ccid.bundle") && !m.has("usr/lib64/pcsc/drivers/ifd-ccid.bundle") {
		return &Problem{fmt.Sprintf("%s is there (USB %s), and the driver for such readers is not installed", r.device, r.name), "apt-get install libccid, and restart pcscd",
			fmt.Sprintf("có %s nhưng chưa cài trình điều khiển: apt-get install libccid rồi khởi động lại pcscd", r.device)}
	}
	if m.has(path.Join(usbDrivers, "usbfs", r.name)) {
		return &Problem{fmt.Sprintf("another program holds %s (USB %s): scdaemon of GnuPG, or a virtual machine", r.device, r.name),
			"gpgconf --kill scdaemon, or take the reader back from the virtual machine", fmt.Sprintf("chương trình khác đang giữ %s: gpgconf --kill scdaemon", r.device)}
	}
	if node, closed := m.closedNode(r); closed {
		return &Problem{fmt.Sprintf("pcscd may not open %s (USB %s, /%s): it does not run as root", r.device, r.name, node), "udevadm trigger (the rules of libccid), or plug the reader out and in again",
			fmt.Sprintf("pcscd không có quyền mở %s: udevadm trigger, hoặc rút ra và cắm lại", r.device)}
	}
	return &Problem{fmt.Sprintf("%s is there (USB %s), and pcscd does not serve it", r.device, r.name), "plug it out and in again, then restart pcscd; journalctl -u pcscd says more",
		fmt.Sprintf("có %s nhưng pcscd không phục vụ: rút ra cắm lại rồi khởi động lại pcscd", r.device)}
}

// closedNode tells whether the pcscd that runs is not root and the device's node is closed to others.
func (m Machine) closedNode(r usbInterface) (string, bool) {
	device, _, _ := strings.Cut(r.name, ":")
	bus, errBus := strconv.Atoi(m.read(path.Join(usbDevices, device, "busnum")))
	number, errNumber := strconv.Atoi(m.read(path.Join(usbDevices, device, "devnum")))
	if errBus != nil || errNumber != nil || m.serviceIsRoot() {
		return "", false
	}
	node := fmt.Sprintf("dev/bus/usb/%03d/%03d", bus, number)
	info, err := fs.Stat(m.Root, node)
	return node, err == nil && info.Mode().Perm()&0o066 == 0
}

// serviceIsRoot tells whether pcscd runs as root; yes where that cannot be seen.
func (m Machine) serviceIsRoot() bool {
	for _, process := range m.list("proc") {
		if _, err := strconv.Atoi(process); err != nil || m.read(path.Join("proc", process, "comm")) != "pcscd" {
			continue
		}
		_, uids, found := strings.Cut(m.read(path.Join("proc", process, "status")), "\nUid:")
		if fields := strings.Fields(uids); found && len(fields) > 1 {
			return fields[1] == "0"
		}
	}
	return true
}

func (m Machine) has(name string) bool {
	_, err := fs.Stat(m.Root, name)
	return err == nil || errors.Is(err, fs.ErrPermission)
}

func (m Machine) list(folder string) (names []string) {
	entries, _ := fs.ReadDir(m.Root, folder)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// read gives the text of a small file of the kernel's, nothing where there is none.
func (m Machine) read(name string) string {
	b, err := fs.ReadFile(m.Root, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
