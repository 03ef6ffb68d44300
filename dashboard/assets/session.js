// A session that has ended is answered with 401: go to the login and come back here after it.
const plainFetch = window.fetch;
window.fetch = async (...args) => {
  const response = await plainFetch(...args);
  if (response.status === 401) window.location.assign("/login?next=" + encodeURIComponent(window.location.pathname));
  return response;
};

// The menu marks where one is, for the eye and for screen readers; a new page takes the focus.
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.cwm = {
  mark: (path) => {
    document.querySelectorAll(".menu .item").forEach((item) => {
      const own = item.getAttribute("href");
      const here = path === own || path.startsWith(own === "/" ? "/patients/" : own + "/") || (own === "/cases" && path.startsWith("/file-case"));
      if (here) item.setAttribute("aria-current", "page");
      else item.removeAttribute("aria-current");
    });
    return path;
  },
};
