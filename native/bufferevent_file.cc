// A file in the output of a Bufferevent, which libevent sends.
//
// Thread, owner and lifetime: as in bufferevent.cc.
#include <cerrno>

#include "bufferevent.h"
#include "reactor.h"

namespace rxjs_libevent {

void Bufferevent::SendFile(const Record& record) {
  SendFileRequest request;
  if (!ReadRequest(reactor_.PayloadOf(record), &request)) return;
  if (phase_ == Phase::kClosed || output_ != Output::kOpen || !NeedBufferevent()) {
    return reactor_.transit().Discard(request.fd);
  }
  if (!reactor_.transit().Take(request.fd)) return FailWriting({EBADF, kSendFileCall});
  taken_ += static_cast<uint32_t>(request.bytes);
  const int error = files_.Add(bufferevent_.get(), request, taken_);
  if (error != 0) FailWriting({error, kSendFileCall});
}

// libevent says EOF when sendfile() has sent nothing: either the file has become shorter, or the
// system had no room after all, which libevent takes for the same. Returns false if no file is
// being sent.
bool Bufferevent::GoOnWithFile() {
  if (!files_.IsNext(sent_)) return false;
  files_.IsTruncated() ? FailWriting({EIO, kSendFileCall}) : EnableWriting();
  return true;
}

}  // namespace rxjs_libevent
