package pcsc

import "errors"

// Problem is something wrong between this program and a card, and what mends it. Its text is English; whoever stands at
// the reader may want [Vietnamese] too.
type Problem struct {
	What       string // what is wrong
	Mend       string // what mends it
	Vietnamese string // both
}

// Error gives what is wrong, and what mends it.
func (p *Problem) Error() string { return "pcsc: " + p.What + ": " + p.Mend }

// Vietnamese gives what is wrong and what mends it in Vietnamese, or nothing where err is no [Problem].
func Vietnamese(err error) string {
	var p *Problem
	if !errors.As(err, &p) {
		return ""
	}
	return p.Vietnamese
}

// What can be wrong before a single command has gone out.
var (
	ErrUnavailable error = &Problem{"this program was built without PC/SC", "build it with CGO_ENABLED=1 and libpcsclite-dev installed",
		"chương trình này được dựng không có PC/SC: hãy dựng lại với CGO_ENABLED=1 và libpcsclite-dev"}
	ErrNoService error = &Problem{"the smart card service is not running", "start pcscd (systemctl start pcscd, or pcscd --foreground)",
		"dịch vụ thẻ thông minh chưa chạy: hãy khởi động pcscd (systemctl start pcscd)"}
	ErrSilent error = &Problem{"the smart card service does not answer", "restart pcscd (systemctl restart pcscd); if a reader hangs, plug it out and in again",
		"dịch vụ thẻ thông minh không trả lời: hãy khởi động lại pcscd; nếu đầu đọc bị treo, rút ra và cắm lại"}
	ErrDenied error = &Problem{"the smart card service turns this user away", "allow this user org.debian.pcsc-lite.access_pcsc and access_card in polkit, or work at this machine's own screen",
		"dịch vụ thẻ thông minh từ chối người dùng này: hãy cấp quyền access_pcsc và access_card trong polkit"}
	ErrBusy error = &Problem{"the smart card service takes no more programs", "close programs that use cards, or restart pcscd",
		"dịch vụ thẻ thông minh không nhận thêm chương trình: hãy đóng bớt chương trình dùng thẻ hoặc khởi động lại pcscd"}
	ErrNoReader error = &Problem{"no card reader is connected", "plug one in, or install its driver, and see `cancuoc readers`",
		"không có đầu đọc thẻ: hãy cắm đầu đọc hoặc cài trình điều khiển, xem `cancuoc readers`"}
	ErrNoSuchReader       = errors.New("pcsc: no reader's name contains")
	ErrNoCard       error = &Problem{"no card in the reader", "insert one, or lay it on the antenna",
		"không có thẻ trong đầu đọc: hãy đưa thẻ vào, hoặc đặt thẻ lên đầu đọc"}
	ErrManyCards error = &Problem{"more than one reader holds a card", "name the reader, as in pcsc:NAME",
		"nhiều đầu đọc đang có thẻ: hãy nêu tên đầu đọc, như pcsc:TÊN"}
	ErrInUse error = &Problem{"the card is in use by another program", "close that program, or wait for it",
		"thẻ đang được chương trình khác dùng: hãy đóng chương trình đó hoặc chờ"}
	ErrMute error = &Problem{"the card does not answer when it gets power", "turn it round, clean its contacts, or lay it flat on the antenna; if it stays mute it is broken",
		"thẻ không trả lời khi được cấp nguồn: hãy xoay thẻ, lau mặt tiếp xúc hoặc đặt phẳng lên đầu đọc; nếu vẫn vậy thì thẻ hỏng"}
	ErrUnpowered error = &Problem{"the card has no power", "take it out and put it in again",
		"thẻ không có nguồn: hãy rút thẻ ra và đưa vào lại"}
	ErrProtocol error = &Problem{"card and reader have no protocol in common", "is it a memory card, or one with an answer to reset that is wrong? `cancuoc readers` shows it",
		"thẻ và đầu đọc không có giao thức chung: có phải thẻ nhớ, hoặc ATR sai? xem `cancuoc readers`"}
)

// What can go wrong with a card at work. After each of these the same command, given again, goes on.
var (
	ErrRemoved error = &Problem{"the card was removed, or has lost its power", "keep it in the reader until it is done",
		"thẻ đã bị rút hoặc mất nguồn: hãy giữ thẻ trong đầu đọc đến khi xong"}
	ErrReaderGone error = &Problem{"the reader was unplugged while it worked", "plug it in, put the same card in and run the same command again",
		"đầu đọc bị rút khi đang làm việc: hãy cắm lại, đưa đúng thẻ đó vào và chạy lại lệnh"}
	ErrStopped error = &Problem{"the smart card service has stopped, or was restarted, while it held the card", "start pcscd if it is not back, and run the same command again",
		"dịch vụ thẻ thông minh đã dừng hoặc khởi động lại khi đang giữ thẻ: hãy khởi động pcscd nếu chưa chạy, và chạy lại lệnh"}
	ErrComm error = &Problem{"the reader could not get the command to the card, or the answer back", "put the card in straight and run the same command again; with another cable or reader if it happens again",
		"đầu đọc không trao đổi được với thẻ: hãy đặt thẻ cho ngay và chạy lại lệnh; nếu lặp lại, đổi cáp hoặc đầu đọc"}
)
