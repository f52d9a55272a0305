/** A page that only says something. */
export function NoticeView(props: { heading: string; text: string }) {
  return (
    <div class="narrow">
      <h1>{props.heading}</h1>
      <p class="lead">{props.text}</p>
      <p class="crumb">
        <a href="/">← All approvals</a>
      </p>
    </div>
  );
}
