/* TCP over IPv4 for the bench programs: sockets that never block. */
#ifndef BENCH_SOCKETS_H_
#define BENCH_SOCKETS_H_

#include <netinet/in.h>
#include <stdint.h>

/* Raises the soft limit of open files to the hard one; returns it. */
unsigned long raise_file_limit(void);

/* Parses the dotted host; ends the program when it is none. */
struct sockaddr_in parse_address(const char* host, int port);

/* Listens; a refusal ends the program. `bound_port` receives the port. */
int listen_tcp(const char* host, int port, int* bound_port);

/* Begins to connect. A `source` above 0 binds to 127.0.0.<1 + source>, for more than one address's
 * worth of ports. Returns the socket, or -1 with errno. */
int connect_tcp(const struct sockaddr_in* target, int source);

void set_no_delay(int fd);

#endif
